CREATE TABLE "mcp_servers" (
	"id" uuid PRIMARY KEY NOT NULL,
	"owner" text NOT NULL,
	"position" integer NOT NULL,
	"name" text NOT NULL,
	"url" text NOT NULL,
	"sealed_token" text,
	"token_ends" text,
	"enabled" boolean NOT NULL,
	"pinned" jsonb NOT NULL,
	"seen" jsonb NOT NULL,
	"checked_at" timestamp with time zone,
	"problem" text
);
--> statement-breakpoint
CREATE TABLE "memory_entries" (
	"file_id" uuid PRIMARY KEY NOT NULL,
	"volume_id" uuid NOT NULL,
	"path" text NOT NULL,
	"blob" text NOT NULL,
	"type" text,
	"title" text NOT NULL,
	"gist" text NOT NULL,
	"excerpt" text NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"state" text NOT NULL,
	"outcome" text NOT NULL,
	"project" text,
	"trace_id" text,
	"links" jsonb NOT NULL,
	"metadata" jsonb NOT NULL,
	"words" "tsvector" NOT NULL,
	"vector" "bytea"
);
--> statement-breakpoint
CREATE TABLE "model_names" (
	"owner" text PRIMARY KEY NOT NULL,
	"standard" text,
	"aliases" jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "owner_keys" (
	"owner" text PRIMARY KEY NOT NULL,
	"wrapped" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "probes" (
	"base_url" text NOT NULL,
	"model" text NOT NULL,
	"result" jsonb NOT NULL,
	"at" timestamp with time zone NOT NULL,
	CONSTRAINT "probes_base_url_model_pk" PRIMARY KEY("base_url","model")
);
--> statement-breakpoint
CREATE TABLE "providers" (
	"id" uuid PRIMARY KEY NOT NULL,
	"owner" text NOT NULL,
	"position" integer NOT NULL,
	"name" text NOT NULL,
	"preset" text NOT NULL,
	"base_url" text NOT NULL,
	"sealed_key" text,
	"key_ends" text,
	"models" text[] NOT NULL
);
--> statement-breakpoint
CREATE TABLE "conversations" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"volume_id" uuid NOT NULL,
	"person_id" uuid NOT NULL,
	"title" text NOT NULL,
	"private" boolean NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"updated_at" timestamp with time zone NOT NULL,
	"deleted_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "run_commits" (
	"run_id" uuid NOT NULL,
	"volume_id" uuid NOT NULL,
	"oid" text NOT NULL,
	"at" timestamp with time zone NOT NULL,
	CONSTRAINT "run_commits_run_id_volume_id_oid_pk" PRIMARY KEY("run_id","volume_id","oid")
);
--> statement-breakpoint
CREATE TABLE "run_events" (
	"run_id" uuid NOT NULL,
	"seq" integer NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"act" jsonb NOT NULL,
	CONSTRAINT "run_events_run_id_seq_pk" PRIMARY KEY("run_id","seq")
);
--> statement-breakpoint
CREATE TABLE "runs" (
	"id" uuid PRIMARY KEY NOT NULL,
	"volume_id" uuid NOT NULL,
	"person_id" uuid NOT NULL,
	"actor" jsonb NOT NULL,
	"request" jsonb NOT NULL,
	"head" jsonb NOT NULL,
	"private" boolean NOT NULL,
	"conversation_id" uuid,
	"parent_id" uuid,
	"parent_call" text,
	"root_id" uuid NOT NULL,
	"previous_id" uuid,
	"browser_of" uuid NOT NULL,
	"status" text NOT NULL,
	"reason" text,
	"answer" text,
	"steps" integer DEFAULT 0 NOT NULL,
	"calls" integer DEFAULT 0 NOT NULL,
	"tokens" bigint DEFAULT 0 NOT NULL,
	"money" real,
	"waiting" integer DEFAULT 0 NOT NULL,
	"said" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"tainted" boolean DEFAULT false NOT NULL,
	"trace_path" text,
	"depends_on" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"ended_at" timestamp with time zone
);
--> statement-breakpoint
ALTER TABLE "notifications" ADD COLUMN "run" uuid;--> statement-breakpoint
ALTER TABLE "teams" ADD COLUMN "deleted_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "teams" ADD COLUMN "deleted_by" uuid;--> statement-breakpoint
ALTER TABLE "run_commits" ADD CONSTRAINT "run_commits_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."runs"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "run_events" ADD CONSTRAINT "run_events_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."runs"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "mcp_servers_owner" ON "mcp_servers" USING btree ("owner");--> statement-breakpoint
CREATE INDEX "memory_entries_volume" ON "memory_entries" USING btree ("volume_id");--> statement-breakpoint
CREATE INDEX "memory_entries_words" ON "memory_entries" USING gin ("words");--> statement-breakpoint
CREATE INDEX "providers_owner" ON "providers" USING btree ("owner");--> statement-breakpoint
CREATE INDEX "conversations_volume" ON "conversations" USING btree ("volume_id","updated_at");--> statement-breakpoint
CREATE INDEX "run_commits_oid" ON "run_commits" USING btree ("volume_id","oid");--> statement-breakpoint
CREATE INDEX "runs_volume" ON "runs" USING btree ("volume_id","created_at");--> statement-breakpoint
CREATE INDEX "runs_conversation" ON "runs" USING btree ("conversation_id","created_at");--> statement-breakpoint
CREATE INDEX "runs_parent" ON "runs" USING btree ("parent_id");--> statement-breakpoint
CREATE INDEX "runs_person" ON "runs" USING btree ("person_id","created_at");--> statement-breakpoint
CREATE INDEX "runs_going" ON "runs" USING btree ("status") WHERE ended_at is null;--> statement-breakpoint
ALTER TABLE "teams" ADD CONSTRAINT "teams_deleted_by_people_id_fk" FOREIGN KEY ("deleted_by") REFERENCES "public"."people"("id") ON DELETE no action ON UPDATE no action;