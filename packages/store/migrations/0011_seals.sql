CREATE TABLE "esa"."sealers" (
	"home" text PRIMARY KEY NOT NULL,
	"key" text NOT NULL,
	"n" integer NOT NULL,
	"hash" text NOT NULL,
	"at" bigint NOT NULL
);
