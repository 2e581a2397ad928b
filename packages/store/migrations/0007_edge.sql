CREATE TABLE "esa"."requests" (
	"caller" text NOT NULL,
	"key" text NOT NULL,
	"digest" text NOT NULL,
	"at" bigint NOT NULL,
	"expires_at" bigint NOT NULL,
	"answer" jsonb,
	CONSTRAINT "requests_caller_key_pk" PRIMARY KEY("caller","key")
);
--> statement-breakpoint
CREATE TABLE "esa"."sessions" (
	"hash" text PRIMARY KEY NOT NULL,
	"token" text NOT NULL,
	"created_at" bigint NOT NULL,
	"expires_at" bigint NOT NULL
);
--> statement-breakpoint
CREATE INDEX "requests_expiring" ON "esa"."requests" USING btree ("expires_at");