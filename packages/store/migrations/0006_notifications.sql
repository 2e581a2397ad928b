CREATE TABLE "esa"."ack_links" (
	"hash" text PRIMARY KEY NOT NULL,
	"id" text NOT NULL,
	"incident_id" text NOT NULL,
	"epoch" integer NOT NULL,
	"agent" text NOT NULL,
	"person" text,
	"created_at" bigint NOT NULL,
	"expires_at" bigint NOT NULL,
	"used_at" bigint
);
--> statement-breakpoint
CREATE TABLE "esa"."channels" (
	"name" text PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"spec" jsonb NOT NULL,
	"created_at" bigint NOT NULL,
	"created_by" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "esa"."deliveries" (
	"id" text NOT NULL,
	"at" bigint NOT NULL,
	"attempt" integer NOT NULL,
	"channel" text NOT NULL,
	"incident_id" text NOT NULL,
	"agent" text NOT NULL,
	"person" text,
	"notice" text NOT NULL,
	"status" text NOT NULL,
	"code" integer,
	"latency_ms" bigint NOT NULL,
	"why" text,
	CONSTRAINT "deliveries_id_at_attempt_pk" PRIMARY KEY("id","at","attempt")
);
--> statement-breakpoint
CREATE TABLE "esa"."people" (
	"person" text NOT NULL,
	"agent" text NOT NULL,
	"contacts" jsonb NOT NULL,
	"created_at" bigint NOT NULL,
	"created_by" text NOT NULL,
	CONSTRAINT "people_person_agent_pk" PRIMARY KEY("person","agent")
);
--> statement-breakpoint
CREATE TABLE "esa"."stand_ins" (
	"level" text PRIMARY KEY NOT NULL,
	"person" text NOT NULL,
	"from_at" bigint NOT NULL,
	"until_at" bigint NOT NULL,
	"created_by" text NOT NULL
);
--> statement-breakpoint
CREATE INDEX "ack_links_expires" ON "esa"."ack_links" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "deliveries_channel" ON "esa"."deliveries" USING btree ("channel","at");--> statement-breakpoint
CREATE INDEX "deliveries_incident" ON "esa"."deliveries" USING btree ("incident_id");