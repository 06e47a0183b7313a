-- CreateEnum
CREATE TYPE "collection_access" AS ENUM ('OWN', 'READ', 'WRITE');

-- CreateEnum
CREATE TYPE "record_event_type" AS ENUM ('CREATED', 'UPDATED', 'DELETED');

-- CreateTable
CREATE TABLE "collection" (
    "client" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "schema" JSONB NOT NULL,
    "access" "collection_access" NOT NULL,
    "revision" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "collection_pkey" PRIMARY KEY ("client","name")
);

-- CreateTable
CREATE TABLE "record" (
    "id" TEXT NOT NULL,
    "client" TEXT NOT NULL,
    "collection" TEXT NOT NULL,
    "data" JSONB NOT NULL,
    "version" INTEGER NOT NULL,
    "created_by" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "record_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "record_event" (
    "record_id" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "client" TEXT NOT NULL,
    "collection" TEXT NOT NULL,
    "type" "record_event_type" NOT NULL,
    "data" JSONB NOT NULL,
    "actor" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "record_event_pkey" PRIMARY KEY ("record_id","version")
);

-- CreateIndex
CREATE INDEX "record_client_collection_created_at_id_idx" ON "record"("client", "collection", "created_at", "id");

-- CreateIndex
CREATE INDEX "record_client_collection_created_by_created_at_id_idx" ON "record"("client", "collection", "created_by", "created_at", "id");

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

-- What was answered to which idempotency key. Modules whose mutations take one have this text in their migrations.
CREATE TABLE "idempotency_key" (
    "client" TEXT NOT NULL,
    "actor" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "input_hash" BYTEA NOT NULL,
    "result" JSONB,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "idempotency_key_pkey" PRIMARY KEY ("client", "actor", "key")
);

CREATE INDEX "idempotency_key_created_at_idx" ON "idempotency_key"("created_at");
