CREATE SEQUENCE "esa"."events_pos";--> statement-breakpoint
GRANT USAGE ON SEQUENCE "esa"."events_pos" TO PUBLIC;--> statement-breakpoint
ALTER TABLE "esa"."events" ADD COLUMN "pos" bigint;--> statement-breakpoint
ALTER TABLE "esa"."events" ALTER COLUMN "pos" SET DEFAULT nextval('esa.events_pos');
