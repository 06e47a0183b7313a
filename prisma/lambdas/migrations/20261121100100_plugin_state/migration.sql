CREATE TABLE "plugin_value" (
    "client" TEXT NOT NULL,
    -- Prisma knows of no collations. In this one, keys are listed by prefix from the index, and in one order everywhere.
    "key" TEXT COLLATE "C" NOT NULL,
    "value" TEXT NOT NULL,
    "expires_at" TIMESTAMPTZ(3),

    CONSTRAINT "plugin_value_pkey" PRIMARY KEY ("client","key")
);

CREATE TABLE "plugin_value_usage" (
    "client" TEXT NOT NULL,
    "keys" INTEGER NOT NULL DEFAULT 0,
    "chars" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "plugin_value_usage_pkey" PRIMARY KEY ("client")
);

CREATE TABLE "plugin_secret" (
    "client" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "sealed" BYTEA NOT NULL,
    "set_at" TIMESTAMPTZ(3) NOT NULL,
    "set_by" TEXT NOT NULL,

    CONSTRAINT "plugin_secret_pkey" PRIMARY KEY ("client","name")
);

CREATE TABLE "plugin_log_line" (
    "seq" BIGSERIAL NOT NULL,
    "client" TEXT NOT NULL,
    "time" TIMESTAMPTZ(3) NOT NULL,
    "level" TEXT NOT NULL,
    "lambda" TEXT NOT NULL,
    "line" TEXT NOT NULL,

    CONSTRAINT "plugin_log_line_pkey" PRIMARY KEY ("seq")
);

CREATE TABLE "handler_event" (
    "seq" BIGSERIAL NOT NULL,
    "client" TEXT NOT NULL,
    "event_id" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "event" JSONB NOT NULL,
    "waiting" BOOLEAN NOT NULL DEFAULT true,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "due_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "error" TEXT,
    "failed_at" TIMESTAMPTZ(3),

    CONSTRAINT "handler_event_pkey" PRIMARY KEY ("seq")
);

CREATE TABLE "handler_queue" (
    "client" TEXT NOT NULL,
    "owner" UUID,
    "leased_until" TIMESTAMPTZ(3),

    CONSTRAINT "handler_queue_pkey" PRIMARY KEY ("client")
);

CREATE INDEX "plugin_log_line_client_seq_idx" ON "plugin_log_line"("client", "seq");

CREATE UNIQUE INDEX "handler_event_client_event_id_key" ON "handler_event"("client", "event_id");

-- Prisma has no word for partial indexes, and leaves them alone: what is to be done, what comes first of a subject, what failed.
CREATE INDEX "handler_event_due_idx" ON "handler_event"("client", "due_at") WHERE "waiting";

CREATE INDEX "handler_event_subject_idx" ON "handler_event"("client", "subject", "seq") WHERE "waiting";

CREATE INDEX "handler_event_failed_idx" ON "handler_event"("client", "seq") WHERE "failed_at" IS NOT NULL;

CREATE INDEX "plugin_value_expires_at_idx" ON "plugin_value"("expires_at") WHERE "expires_at" IS NOT NULL;
