CREATE TABLE "github_accounts" (
	"github_id" text PRIMARY KEY NOT NULL,
	"person_id" uuid NOT NULL,
	"github_login" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "github_states" (
	"state_hash" text PRIMARY KEY NOT NULL,
	"code_verifier" text NOT NULL,
	"invitation" text,
	"person_id" uuid,
	"expires_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "invitations" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"token_hash" text NOT NULL,
	"team_id" uuid,
	"role" text NOT NULL,
	"created_by" uuid NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"used_by" uuid,
	"used_at" timestamp with time zone,
	CONSTRAINT "invitations_token_hash_unique" UNIQUE("token_hash")
);
--> statement-breakpoint
CREATE TABLE "members" (
	"team_id" uuid NOT NULL,
	"person_id" uuid NOT NULL,
	"role" text NOT NULL,
	"since" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "members_team_id_person_id_pk" PRIMARY KEY("team_id","person_id")
);
--> statement-breakpoint
CREATE TABLE "notifications" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"person_id" uuid NOT NULL,
	"kind" text NOT NULL,
	"text" text NOT NULL,
	"volume" text,
	"path" text,
	"oid" text,
	"by" uuid,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"read_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "people" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"login" text NOT NULL,
	"name" text NOT NULL,
	"colour" integer NOT NULL,
	"password_hash" text,
	"is_admin" boolean DEFAULT false NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"disabled_at" timestamp with time zone,
	"last_seen_at" timestamp with time zone,
	CONSTRAINT "people_login_unique" UNIQUE("login")
);
--> statement-breakpoint
CREATE TABLE "sessions" (
	"id" text PRIMARY KEY NOT NULL,
	"secret_hash" text NOT NULL,
	"person_id" uuid NOT NULL,
	"agent" text DEFAULT '' NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"last_seen_at" timestamp with time zone DEFAULT now() NOT NULL,
	"renew_at" timestamp with time zone,
	"replaces" text,
	"ends_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "settings" (
	"key" text PRIMARY KEY NOT NULL,
	"value" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "teams" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"slug" text NOT NULL,
	"name" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "teams_slug_unique" UNIQUE("slug")
);
--> statement-breakpoint
CREATE TABLE "tokens" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"hash" text NOT NULL,
	"person_id" uuid NOT NULL,
	"name" text NOT NULL,
	"scopes" text[] NOT NULL,
	"only_volume" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"last_used_at" timestamp with time zone,
	CONSTRAINT "tokens_hash_unique" UNIQUE("hash")
);
--> statement-breakpoint
CREATE TABLE "reviews" (
	"volume_id" uuid NOT NULL,
	"oid" text NOT NULL,
	"person_id" uuid NOT NULL,
	"verdict" text NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "reviews_volume_id_oid_person_id_pk" PRIMARY KEY("volume_id","oid","person_id")
);
--> statement-breakpoint
CREATE TABLE "room_clients" (
	"room" integer NOT NULL,
	"client" bigint NOT NULL,
	"person" uuid,
	CONSTRAINT "room_clients_room_client_pk" PRIMARY KEY("room","client")
);
--> statement-breakpoint
CREATE TABLE "room_updates" (
	"room" integer NOT NULL,
	"seq" bigint NOT NULL,
	"person" uuid,
	"data" "bytea" NOT NULL,
	CONSTRAINT "room_updates_room_seq_pk" PRIMARY KEY("room","seq")
);
--> statement-breakpoint
CREATE TABLE "rooms" (
	"no" integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "rooms_no_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"file_id" uuid NOT NULL,
	"epoch" integer DEFAULT 1 NOT NULL,
	"upto" bigint DEFAULT 0 NOT NULL,
	"state_vector" "bytea",
	"deletes_at" integer DEFAULT 0 NOT NULL,
	"blob" "bytea",
	"committed" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "rooms_file_id_unique" UNIQUE("file_id")
);
--> statement-breakpoint
CREATE TABLE "blames" (
	"file_id" uuid PRIMARY KEY NOT NULL,
	"position" integer NOT NULL,
	"runs" jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "checkpoint_intents" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"volume_id" uuid NOT NULL,
	"head_before" text,
	"head_after" text NOT NULL,
	"plan" jsonb NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "commit_files" (
	"volume_id" uuid NOT NULL,
	"position" integer NOT NULL,
	"file_id" uuid NOT NULL,
	"path" text NOT NULL,
	"path_before" text,
	"blob" text,
	"blob_before" text,
	"added" integer DEFAULT 0 NOT NULL,
	"removed" integer DEFAULT 0 NOT NULL,
	"binary" boolean DEFAULT false NOT NULL,
	CONSTRAINT "commit_files_volume_id_position_file_id_pk" PRIMARY KEY("volume_id","position","file_id")
);
--> statement-breakpoint
CREATE TABLE "commits" (
	"volume_id" uuid NOT NULL,
	"oid" text NOT NULL,
	"parent" text,
	"position" integer NOT NULL,
	"author" uuid,
	"author_name" text NOT NULL,
	"author_email" text NOT NULL,
	"co_authors" uuid[] DEFAULT '{}' NOT NULL,
	"message" text NOT NULL,
	"kind" text NOT NULL,
	"group_id" uuid NOT NULL,
	"undoes" text,
	"at" timestamp with time zone NOT NULL,
	"added" integer DEFAULT 0 NOT NULL,
	"removed" integer DEFAULT 0 NOT NULL,
	"file_count" integer DEFAULT 0 NOT NULL,
	CONSTRAINT "commits_volume_id_oid_pk" PRIMARY KEY("volume_id","oid")
);
--> statement-breakpoint
CREATE TABLE "conflicts" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"file_id" uuid NOT NULL,
	"anchor_from" "bytea" NOT NULL,
	"anchor_to" "bytea" NOT NULL,
	"base" text NOT NULL,
	"ours" text NOT NULL,
	"theirs" text NOT NULL,
	"ours_by" uuid,
	"theirs_by" uuid,
	"source" text NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"settled_at" timestamp with time zone,
	"settled_by" uuid,
	"choice" text
);
--> statement-breakpoint
CREATE TABLE "files" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"volume_id" uuid NOT NULL,
	"branch" text DEFAULT 'main' NOT NULL,
	"path" text NOT NULL,
	"path_key" text NOT NULL,
	"kind" text NOT NULL,
	"size" integer DEFAULT 0 NOT NULL,
	"blob" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"deleted_at" timestamp with time zone,
	"deleted_by" uuid,
	"held_at" timestamp with time zone,
	"not_secret" text
);
--> statement-breakpoint
CREATE TABLE "folders" (
	"volume_id" uuid NOT NULL,
	"path" text NOT NULL,
	CONSTRAINT "folders_volume_id_path_pk" PRIMARY KEY("volume_id","path")
);
--> statement-breakpoint
CREATE TABLE "search_texts" (
	"file_id" uuid PRIMARY KEY NOT NULL,
	"volume_id" uuid NOT NULL,
	"path" text NOT NULL,
	"body" text NOT NULL,
	"words" "tsvector" GENERATED ALWAYS AS (setweight(to_tsvector('simple', regexp_replace(path || ' ' || regexp_replace(path, '([a-z0-9])([A-Z])', '\1 \2', 'g'), '[\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e]+', ' ', 'g')), 'A') || to_tsvector('simple', regexp_replace(left(body, 150000) || ' ' || regexp_replace(left(body, 150000), '([a-z0-9])([A-Z])', '\1 \2', 'g'), '[\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e]+', ' ', 'g'))) STORED NOT NULL
);
--> statement-breakpoint
CREATE TABLE "shipped_files" (
	"path" text PRIMARY KEY NOT NULL,
	"body" text NOT NULL,
	"release" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "volumes" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"name" text NOT NULL,
	"kind" text NOT NULL,
	"team_id" uuid,
	"person_id" uuid,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "volumes_name_unique" UNIQUE("name")
);
--> statement-breakpoint
ALTER TABLE "github_accounts" ADD CONSTRAINT "github_accounts_person_id_people_id_fk" FOREIGN KEY ("person_id") REFERENCES "public"."people"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "github_states" ADD CONSTRAINT "github_states_person_id_people_id_fk" FOREIGN KEY ("person_id") REFERENCES "public"."people"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "invitations" ADD CONSTRAINT "invitations_team_id_teams_id_fk" FOREIGN KEY ("team_id") REFERENCES "public"."teams"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "invitations" ADD CONSTRAINT "invitations_created_by_people_id_fk" FOREIGN KEY ("created_by") REFERENCES "public"."people"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "invitations" ADD CONSTRAINT "invitations_used_by_people_id_fk" FOREIGN KEY ("used_by") REFERENCES "public"."people"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "members" ADD CONSTRAINT "members_team_id_teams_id_fk" FOREIGN KEY ("team_id") REFERENCES "public"."teams"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "members" ADD CONSTRAINT "members_person_id_people_id_fk" FOREIGN KEY ("person_id") REFERENCES "public"."people"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "notifications" ADD CONSTRAINT "notifications_person_id_people_id_fk" FOREIGN KEY ("person_id") REFERENCES "public"."people"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "notifications" ADD CONSTRAINT "notifications_by_people_id_fk" FOREIGN KEY ("by") REFERENCES "public"."people"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_person_id_people_id_fk" FOREIGN KEY ("person_id") REFERENCES "public"."people"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tokens" ADD CONSTRAINT "tokens_person_id_people_id_fk" FOREIGN KEY ("person_id") REFERENCES "public"."people"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "commit_files" ADD CONSTRAINT "commit_files_volume_id_volumes_id_fk" FOREIGN KEY ("volume_id") REFERENCES "public"."volumes"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "commits" ADD CONSTRAINT "commits_volume_id_volumes_id_fk" FOREIGN KEY ("volume_id") REFERENCES "public"."volumes"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "files" ADD CONSTRAINT "files_volume_id_volumes_id_fk" FOREIGN KEY ("volume_id") REFERENCES "public"."volumes"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "folders" ADD CONSTRAINT "folders_volume_id_volumes_id_fk" FOREIGN KEY ("volume_id") REFERENCES "public"."volumes"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "members_person" ON "members" USING btree ("person_id");--> statement-breakpoint
CREATE INDEX "notifications_person" ON "notifications" USING btree ("person_id","at");--> statement-breakpoint
CREATE INDEX "sessions_person" ON "sessions" USING btree ("person_id");--> statement-breakpoint
CREATE INDEX "tokens_person" ON "tokens" USING btree ("person_id");--> statement-breakpoint
CREATE INDEX "reviews_commit" ON "reviews" USING btree ("volume_id","oid");--> statement-breakpoint
CREATE INDEX "commit_files_file" ON "commit_files" USING btree ("file_id","position");--> statement-breakpoint
CREATE INDEX "commit_files_path" ON "commit_files" USING btree ("volume_id","path","position");--> statement-breakpoint
CREATE UNIQUE INDEX "commits_position" ON "commits" USING btree ("volume_id","position");--> statement-breakpoint
CREATE INDEX "conflicts_file" ON "conflicts" USING btree ("file_id");--> statement-breakpoint
CREATE UNIQUE INDEX "files_path" ON "files" USING btree ("volume_id","branch","path_key") WHERE deleted_at is null;--> statement-breakpoint
CREATE INDEX "files_volume" ON "files" USING btree ("volume_id");--> statement-breakpoint
CREATE INDEX "search_texts_words" ON "search_texts" USING gin ("words");--> statement-breakpoint
CREATE INDEX "search_texts_volume" ON "search_texts" USING btree ("volume_id");--> statement-breakpoint
ALTER TABLE "rooms" ALTER COLUMN "blob" SET STORAGE EXTERNAL;--> statement-breakpoint
ALTER TABLE "room_updates" ALTER COLUMN "data" SET STORAGE EXTERNAL;
