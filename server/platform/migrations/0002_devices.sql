CREATE TABLE "device_artifacts" (
	"id" uuid PRIMARY KEY NOT NULL,
	"file_id" uuid NOT NULL,
	"name" text NOT NULL,
	"bytes" integer NOT NULL,
	"sha256" text NOT NULL,
	"person_id" uuid NOT NULL,
	"created_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "device_boards" (
	"file_id" uuid PRIMARY KEY NOT NULL,
	"epoch" bigint NOT NULL,
	"offset" bigint NOT NULL,
	"stop_by" uuid,
	"stop_at" timestamp with time zone,
	"stop_done" boolean DEFAULT false NOT NULL,
	"restless" boolean DEFAULT false NOT NULL
);
--> statement-breakpoint
CREATE TABLE "device_events" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "device_events_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"file_id" uuid NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"kind" text NOT NULL,
	"person_id" uuid,
	"run_id" uuid,
	"text" text NOT NULL,
	"bytes" integer
);
--> statement-breakpoint
CREATE TABLE "device_recordings" (
	"id" uuid PRIMARY KEY NOT NULL,
	"file_id" uuid NOT NULL,
	"person_id" uuid NOT NULL,
	"started_at" timestamp with time zone NOT NULL,
	"ended_at" timestamp with time zone,
	"ended" text,
	"output_bytes" bigint NOT NULL,
	"input_bytes" bigint NOT NULL,
	"ms" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "definition_vectors" (
	"volume_id" uuid NOT NULL,
	"key" text NOT NULL,
	"vector" "bytea" NOT NULL,
	CONSTRAINT "definition_vectors_volume_id_key_pk" PRIMARY KEY("volume_id","key")
);
--> statement-breakpoint
ALTER TABLE "search_texts" ALTER COLUMN "words" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "search_texts" ALTER COLUMN "words" DROP EXPRESSION;--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "used" jsonb;--> statement-breakpoint
CREATE INDEX "device_artifacts_file" ON "device_artifacts" USING btree ("file_id","created_at");--> statement-breakpoint
CREATE INDEX "device_events_file" ON "device_events" USING btree ("file_id","id");--> statement-breakpoint
CREATE INDEX "device_recordings_file" ON "device_recordings" USING btree ("file_id","started_at");--> statement-breakpoint
CREATE INDEX "search_texts_wordless" ON "search_texts" USING btree ("file_id") WHERE words is null;