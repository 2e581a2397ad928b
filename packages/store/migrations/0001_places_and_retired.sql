CREATE TABLE "esa"."retired" (
	"stream" text PRIMARY KEY NOT NULL,
	"type" text NOT NULL,
	"seq" integer NOT NULL,
	"hash" text NOT NULL,
	"at" bigint NOT NULL
);
--> statement-breakpoint
ALTER TABLE "esa"."runtime" ADD COLUMN "places" jsonb DEFAULT '[]' NOT NULL;