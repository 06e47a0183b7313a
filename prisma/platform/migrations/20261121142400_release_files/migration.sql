-- AlterTable
ALTER TABLE "plugin_release" ADD COLUMN     "files" JSONB NOT NULL DEFAULT '[]';
