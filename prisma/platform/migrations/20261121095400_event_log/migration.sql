-- The event log of a module: its outbox and its history in one. Every module's migrations hold this text as it is
-- (test/events/event-log-schema.test.ts), so that one relay and one reader fit them all.
CREATE TABLE "event_log" (
    "seq" BIGSERIAL NOT NULL,
    "position" BIGINT,
    "id" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "client" TEXT NOT NULL,
    "actor" TEXT,
    "time" TIMESTAMPTZ(3) NOT NULL,
    "traceparent" TEXT,
    "data_version" INTEGER NOT NULL,
    "data" JSONB NOT NULL,

    CONSTRAINT "event_log_pkey" PRIMARY KEY ("seq")
);

CREATE TABLE "event_log_head" (
    "id" SMALLINT NOT NULL DEFAULT 1,
    "position" BIGINT NOT NULL DEFAULT 0,
    "published" BIGINT NOT NULL DEFAULT 0,
    "epoch" UUID NOT NULL DEFAULT gen_random_uuid(),
    "cursor_key" BYTEA NOT NULL,

    CONSTRAINT "event_log_head_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "event_log_head_one_row" CHECK ("id" = 1)
);

CREATE UNIQUE INDEX "event_log_position_key" ON "event_log"("position");

CREATE UNIQUE INDEX "event_log_id_key" ON "event_log"("id");

CREATE INDEX "event_log_client_type_position_idx" ON "event_log"("client", "type", "position");

-- Prisma has no word for a partial index, and leaves it alone. It keeps the relay's search short whatever the log's length.
CREATE INDEX "event_log_unpositioned_idx" ON "event_log"("seq") WHERE "position" IS NULL;

INSERT INTO "event_log_head" ("cursor_key")
VALUES (decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex'));

-- How much of the event log is kept. Follows event-log.sql in every module's migrations.
ALTER TABLE "event_log_head" ADD COLUMN "horizon" BIGINT NOT NULL DEFAULT 0,
ADD COLUMN "bytes" BIGINT NOT NULL DEFAULT 0;

ALTER TABLE "event_log" ADD COLUMN "size" INTEGER;

UPDATE "event_log_head" SET
    "horizon" = coalesce((SELECT min("position") - 1 FROM "event_log"), "position"),
    "bytes" = coalesce((SELECT sum(octet_length("data"::text)) FROM "event_log" WHERE "position" IS NOT NULL), 0);
