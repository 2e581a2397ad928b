CREATE SCHEMA "esa";
--> statement-breakpoint
CREATE TABLE "esa"."activities" (
	"id" text PRIMARY KEY NOT NULL,
	"actor_id" text NOT NULL,
	"queue" text NOT NULL,
	"activity" text NOT NULL,
	"input" jsonb NOT NULL,
	"timeout_ms" integer NOT NULL,
	"at" bigint NOT NULL,
	"rung_at" bigint,
	"attempt" integer DEFAULT 0 NOT NULL,
	"fence" integer DEFAULT 0 NOT NULL,
	"claimed_until" bigint,
	"done_at" bigint,
	"outcome" text
);
--> statement-breakpoint
CREATE TABLE "esa"."actors" (
	"id" text PRIMARY KEY NOT NULL,
	"type" text NOT NULL,
	"version" integer NOT NULL,
	"status" text NOT NULL,
	"live" boolean NOT NULL,
	"key" text,
	"seq" integer NOT NULL,
	"at" bigint NOT NULL,
	"epoch" integer NOT NULL,
	"due_at" bigint,
	"timer_kind" text,
	"timer_event" text,
	"snapshot" jsonb NOT NULL,
	"head" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "esa"."events" (
	"stream" text NOT NULL,
	"seq" integer NOT NULL,
	"at" bigint NOT NULL,
	"type" text NOT NULL,
	"epoch" integer NOT NULL,
	"level" text,
	"actor" text,
	"late_ms" bigint,
	"data" jsonb NOT NULL,
	"input_id" text,
	"input" jsonb,
	"env" jsonb,
	"hash" text NOT NULL,
	CONSTRAINT "events_stream_seq_pk" PRIMARY KEY("stream","seq")
);
--> statement-breakpoint
CREATE TABLE "esa"."messages" (
	"id" text PRIMARY KEY NOT NULL,
	"queue" text NOT NULL,
	"to_actor" text,
	"to_type" text,
	"to_key" text,
	"from_actor" text NOT NULL,
	"type" text NOT NULL,
	"body" jsonb NOT NULL,
	"correlation_id" text NOT NULL,
	"causation_id" text,
	"at" bigint NOT NULL,
	"rung_at" bigint,
	"attempt" integer DEFAULT 0 NOT NULL,
	"done_at" bigint,
	"dead_code" text
);
--> statement-breakpoint
CREATE TABLE "esa"."metrics" (
	"target" text NOT NULL,
	"key" text NOT NULL,
	"at" bigint NOT NULL,
	"reading" jsonb NOT NULL,
	CONSTRAINT "metrics_target_key_at_pk" PRIMARY KEY("target","key","at")
);
--> statement-breakpoint
CREATE TABLE "esa"."runtime" (
	"one" boolean PRIMARY KEY DEFAULT true NOT NULL,
	"id" text NOT NULL,
	"created_at" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "esa"."workers" (
	"id" text PRIMARY KEY NOT NULL,
	"pid" integer NOT NULL,
	"host" text NOT NULL,
	"started_at" bigint NOT NULL,
	"beat_at" bigint NOT NULL,
	"skew_ms" bigint NOT NULL,
	"info" jsonb NOT NULL
);
--> statement-breakpoint
CREATE INDEX "activities_open" ON "esa"."activities" USING btree ("rung_at") WHERE "esa"."activities"."done_at" is null;--> statement-breakpoint
CREATE UNIQUE INDEX "actors_open_key" ON "esa"."actors" USING btree ("type","key") WHERE "esa"."actors"."live" and "esa"."actors"."key" is not null;--> statement-breakpoint
CREATE INDEX "actors_due" ON "esa"."actors" USING btree ("due_at") WHERE "esa"."actors"."due_at" is not null;--> statement-breakpoint
CREATE INDEX "actors_live" ON "esa"."actors" USING btree ("type","id") WHERE "esa"."actors"."live";--> statement-breakpoint
CREATE INDEX "actors_stopped" ON "esa"."actors" USING btree ("id") WHERE "esa"."actors"."status" = 'stopped';--> statement-breakpoint
CREATE UNIQUE INDEX "events_input_once" ON "esa"."events" USING btree ("stream","input_id") WHERE "esa"."events"."input_id" is not null;--> statement-breakpoint
CREATE INDEX "events_late" ON "esa"."events" USING btree ("at") WHERE "esa"."events"."late_ms" is not null;--> statement-breakpoint
CREATE INDEX "messages_open" ON "esa"."messages" USING btree ("rung_at") WHERE "esa"."messages"."done_at" is null;--> statement-breakpoint
CREATE INDEX "messages_correlation" ON "esa"."messages" USING btree ("correlation_id");