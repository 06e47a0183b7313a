ALTER TABLE "handler_event" ADD COLUMN "noted_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP;

CREATE TABLE "announced_handler" (
    "client" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "announced_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "announced_handler_pkey" PRIMARY KEY ("client","type")
);

CREATE TABLE "handler_backlog" (
    "client" TEXT NOT NULL,
    "partition" SMALLINT NOT NULL,
    "begins_after" TEXT NOT NULL,
    "read_to" TEXT NOT NULL,
    "known_to" TEXT NOT NULL,
    "is_open" BOOLEAN NOT NULL,

    CONSTRAINT "handler_backlog_pkey" PRIMARY KEY ("client","partition")
);
