-- AlterTable
ALTER TABLE "module_client_sdl" ADD COLUMN     "admitted_sdl_hash" TEXT,
ALTER COLUMN "sdl" DROP NOT NULL;
