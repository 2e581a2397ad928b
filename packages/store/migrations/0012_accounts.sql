CREATE TABLE "esa"."accounts" (
	"id" text PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"issuer" text NOT NULL,
	"subject" text NOT NULL,
	"display" text NOT NULL,
	"label" text NOT NULL,
	"created_at" bigint NOT NULL,
	"created_by" text
);
--> statement-breakpoint
CREATE TABLE "esa"."sign_in_links" (
	"hash" text PRIMARY KEY NOT NULL,
	"account" text NOT NULL,
	"holder" text NOT NULL,
	"created_by" text,
	"created_at" bigint NOT NULL,
	"expires_at" bigint NOT NULL
);
--> statement-breakpoint
ALTER TABLE "esa"."runtime" ADD COLUMN "single_operator" text;--> statement-breakpoint
ALTER TABLE "esa"."tokens" ADD COLUMN "account" text;--> statement-breakpoint
ALTER TABLE "esa"."tokens" ADD COLUMN "minted_by" text;--> statement-breakpoint
CREATE UNIQUE INDEX "accounts_subject" ON "esa"."accounts" USING btree ("issuer","subject");--> statement-breakpoint
CREATE UNIQUE INDEX "accounts_label" ON "esa"."accounts" USING btree ("label");