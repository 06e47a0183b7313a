-- CreateEnum
CREATE TYPE "api_key_kind" AS ENUM ('PUBLISHABLE', 'SECRET', 'PARTNER', 'DEPLOY', 'OPERATOR');

-- CreateTable
CREATE TABLE "client" (
    "slug" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "active_release" INTEGER,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "client_pkey" PRIMARY KEY ("slug")
);

-- CreateTable
CREATE TABLE "client_module" (
    "client" TEXT NOT NULL,
    "module" TEXT NOT NULL,

    CONSTRAINT "client_module_pkey" PRIMARY KEY ("client","module")
);

-- CreateTable
CREATE TABLE "api_key" (
    "id" TEXT NOT NULL,
    "client" TEXT,
    "kind" "api_key_kind" NOT NULL,
    "name" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    "tags" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "api_key_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "module" (
    "name" TEXT NOT NULL,
    "version" TEXT NOT NULL,
    "sdl" TEXT NOT NULL,
    "token_keys" JSONB NOT NULL DEFAULT '[]',

    CONSTRAINT "module_pkey" PRIMARY KEY ("name")
);

-- CreateTable
CREATE TABLE "module_instance" (
    "id" TEXT NOT NULL,
    "module" TEXT NOT NULL,
    "url" TEXT NOT NULL,
    "version" TEXT NOT NULL,
    "sdl_hash" TEXT NOT NULL,
    "lease_expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "module_instance_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "plugin_release" (
    "client" TEXT NOT NULL,
    "number" INTEGER NOT NULL,
    "digest" TEXT NOT NULL,
    "sdl" TEXT NOT NULL,
    "functions" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "message" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_by" TEXT NOT NULL,

    CONSTRAINT "plugin_release_pkey" PRIMARY KEY ("client","number")
);

-- CreateTable
CREATE TABLE "signing_key" (
    "kid" TEXT NOT NULL,
    "jwk" JSONB NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "signing_key_pkey" PRIMARY KEY ("kid")
);

-- CreateIndex
CREATE UNIQUE INDEX "api_key_hash_key" ON "api_key"("hash");

-- CreateIndex
CREATE INDEX "api_key_client_idx" ON "api_key"("client");

-- CreateIndex
CREATE UNIQUE INDEX "module_instance_url_key" ON "module_instance"("url");

-- CreateIndex
CREATE INDEX "module_instance_module_idx" ON "module_instance"("module");

-- AddForeignKey
ALTER TABLE "client_module" ADD CONSTRAINT "client_module_client_fkey" FOREIGN KEY ("client") REFERENCES "client"("slug") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "api_key" ADD CONSTRAINT "api_key_client_fkey" FOREIGN KEY ("client") REFERENCES "client"("slug") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "module_instance" ADD CONSTRAINT "module_instance_module_fkey" FOREIGN KEY ("module") REFERENCES "module"("name") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "plugin_release" ADD CONSTRAINT "plugin_release_client_fkey" FOREIGN KEY ("client") REFERENCES "client"("slug") ON DELETE CASCADE ON UPDATE CASCADE;
