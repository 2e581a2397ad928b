ALTER TABLE "esa"."activities" ADD COLUMN "trace" text;--> statement-breakpoint
ALTER TABLE "esa"."actors" ADD COLUMN "trace" text;--> statement-breakpoint
ALTER TABLE "esa"."messages" ADD COLUMN "trace" text;