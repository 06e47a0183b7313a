CREATE TYPE "role" AS ENUM ('MEMBER', 'EDITOR', 'ADMIN');

CREATE TABLE "user" (
    "id" TEXT NOT NULL,
    "client" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "email_cipher" BYTEA NOT NULL,
    "email_lookup" BYTEA NOT NULL,
    "phone_cipher" BYTEA,
    "password_hash" TEXT NOT NULL,
    "roles" "role"[],
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "user_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "session" (
    "id" TEXT NOT NULL,
    "client" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "last_used_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "session_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "refresh_token" (
    "hash" BYTEA NOT NULL,
    "session_id" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "spent_at" TIMESTAMPTZ(3),
    "answer" BYTEA,

    CONSTRAINT "refresh_token_pkey" PRIMARY KEY ("hash")
);

CREATE TABLE "signing_key" (
    "kid" TEXT NOT NULL,
    "jwk" JSONB NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "signing_key_pkey" PRIMARY KEY ("kid")
);

CREATE INDEX "user_client_created_at_id_idx" ON "user"("client", "created_at", "id");

CREATE UNIQUE INDEX "user_client_email_lookup_key" ON "user"("client", "email_lookup");

CREATE INDEX "session_client_user_id_created_at_idx" ON "session"("client", "user_id", "created_at");

CREATE INDEX "session_user_id_idx" ON "session"("user_id");

CREATE INDEX "refresh_token_session_id_idx" ON "refresh_token"("session_id");

ALTER TABLE "session" ADD CONSTRAINT "session_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "user"("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "refresh_token" ADD CONSTRAINT "refresh_token_session_id_fkey" FOREIGN KEY ("session_id") REFERENCES "session"("id") ON DELETE CASCADE ON UPDATE CASCADE;

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
