ALTER TABLE "esa"."activities" ADD COLUMN "scopes" jsonb;--> statement-breakpoint
ALTER TABLE "esa"."messages" ADD COLUMN "scopes" jsonb;