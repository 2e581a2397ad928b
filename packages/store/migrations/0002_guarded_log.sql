CREATE TABLE "esa"."openings" (
	"opener" text PRIMARY KEY NOT NULL,
	"since" bigint NOT NULL,
	"count" integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE "esa"."tokens" (
	"id" text PRIMARY KEY NOT NULL,
	"hash" text NOT NULL,
	"holder" text NOT NULL,
	"person" text NOT NULL,
	"scopes" jsonb NOT NULL,
	"created_at" bigint NOT NULL,
	"created_by" text NOT NULL,
	"expires_at" bigint NOT NULL,
	"revoked_at" bigint
);
--> statement-breakpoint
ALTER TABLE "esa"."messages" ADD COLUMN "hops" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE UNIQUE INDEX "tokens_hash" ON "esa"."tokens" USING btree ("hash");--> statement-breakpoint
CREATE FUNCTION "esa"."refuse_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the log is append-only: % on %.% is refused', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
    USING ERRCODE = 'restrict_violation', HINT = 'esa retain moves closed streams out of it';
END $$;
--> statement-breakpoint
CREATE FUNCTION "esa"."refuse_loss"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- What retention removes has left its head behind, in the same transaction.
  IF EXISTS (SELECT FROM "esa"."retired" r WHERE r."stream" = OLD."stream" AND r."seq" >= OLD."seq") THEN RETURN OLD; END IF;
  RAISE EXCEPTION 'the log is append-only: % on %.% is refused', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
    USING ERRCODE = 'restrict_violation', HINT = 'esa retain moves closed streams out of it';
END $$;
--> statement-breakpoint
CREATE TRIGGER "events_no_update" BEFORE UPDATE ON "esa"."events" FOR EACH ROW EXECUTE FUNCTION "esa"."refuse_change"();
--> statement-breakpoint
CREATE TRIGGER "events_no_delete" BEFORE DELETE ON "esa"."events" FOR EACH ROW EXECUTE FUNCTION "esa"."refuse_loss"();
--> statement-breakpoint
CREATE TRIGGER "events_no_truncate" BEFORE TRUNCATE ON "esa"."events" FOR EACH STATEMENT EXECUTE FUNCTION "esa"."refuse_change"();
