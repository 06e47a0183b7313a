CREATE TABLE "bus_event" (
    "position" BIGSERIAL NOT NULL,
    "id" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "client" TEXT NOT NULL,
    "actor" TEXT,
    "time" TIMESTAMPTZ(3) NOT NULL,
    "traceparent" TEXT,
    "data_version" INTEGER NOT NULL,
    "data" JSONB NOT NULL,

    CONSTRAINT "bus_event_pkey" PRIMARY KEY ("position")
);

CREATE TABLE "bus_group" (
    "name" TEXT NOT NULL,
    "position" BIGINT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "bus_group_pkey" PRIMARY KEY ("name")
);

CREATE TABLE "bus_dead_letter" (
    "group_name" TEXT NOT NULL,
    "event_id" TEXT NOT NULL,
    "position" BIGINT NOT NULL,
    "event" JSONB NOT NULL,
    "error" TEXT NOT NULL,
    "attempts" INTEGER NOT NULL,
    "failed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "bus_dead_letter_pkey" PRIMARY KEY ("group_name", "event_id")
);

CREATE UNIQUE INDEX "bus_event_id_key" ON "bus_event"("id");
