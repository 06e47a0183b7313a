-- AlterTable
ALTER TABLE "api_key" ADD COLUMN "created_by" TEXT,
ADD COLUMN "idempotency_key" TEXT,
ADD COLUMN "last_used_at" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "client" ADD COLUMN "granted_egress" TEXT[] DEFAULT ARRAY[]::TEXT[],
ADD COLUMN "granted_scopes" TEXT[] DEFAULT ARRAY[]::TEXT[],
ADD COLUMN "limits" JSONB NOT NULL DEFAULT '{}';

-- AlterTable
ALTER TABLE "plugin_release" ADD COLUMN "handlers" TEXT[] DEFAULT ARRAY[]::TEXT[],
ADD COLUMN "needs" JSONB NOT NULL DEFAULT '{"scopes": [], "egress": []}',
ADD COLUMN "rules" TEXT[] DEFAULT ARRAY[]::TEXT[];

-- CreateTable
CREATE TABLE "module_client_sdl" (
    "module" TEXT NOT NULL,
    "client" TEXT NOT NULL,
    "sdl" TEXT NOT NULL,

    CONSTRAINT "module_client_sdl_pkey" PRIMARY KEY ("module","client")
);

-- CreateTable
CREATE TABLE "schema_release" (
    "module" TEXT NOT NULL,
    "number" INTEGER NOT NULL,
    "version" TEXT NOT NULL,
    "sdl" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "schema_release_pkey" PRIMARY KEY ("module","number")
);

-- CreateTable
CREATE TABLE "flag" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "name" TEXT NOT NULL,
    "client" TEXT,
    "enabled" BOOLEAN NOT NULL,
    "percent" INTEGER,

    CONSTRAINT "flag_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "registry_change" (
    "revision" BIGSERIAL NOT NULL,
    "time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "actor" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "client" TEXT,
    "before" JSONB,
    "after" JSONB,
    "forced" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "registry_change_pkey" PRIMARY KEY ("revision")
);

-- CreateIndex
-- NULLS NOT DISTINCT, for which Prisma has no word: one for all clients, too.
CREATE UNIQUE INDEX "flag_name_client_key" ON "flag"("name", "client") NULLS NOT DISTINCT;

-- CreateIndex
CREATE INDEX "registry_change_client_revision_idx" ON "registry_change"("client", "revision");

-- CreateIndex
CREATE UNIQUE INDEX "api_key_client_created_by_idempotency_key_key" ON "api_key"("client", "created_by", "idempotency_key");

-- AddForeignKey
ALTER TABLE "module_client_sdl" ADD CONSTRAINT "module_client_sdl_module_fkey" FOREIGN KEY ("module") REFERENCES "module"("name") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "module_client_sdl" ADD CONSTRAINT "module_client_sdl_client_fkey" FOREIGN KEY ("client") REFERENCES "client"("slug") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "schema_release" ADD CONSTRAINT "schema_release_module_fkey" FOREIGN KEY ("module") REFERENCES "module"("name") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "flag" ADD CONSTRAINT "flag_client_fkey" FOREIGN KEY ("client") REFERENCES "client"("slug") ON DELETE CASCADE ON UPDATE CASCADE;

-- What is served now is each module's first release.
INSERT INTO "schema_release" ("module", "number", "version", "sdl") SELECT "name", 1, "version", "sdl" FROM "module";
