import { readFileSync } from 'node:fs'

const lookEveryMs = 500
const shells = ['sh', 'dash', 'bash', 'ash', 'busybox', 'zsh']

/**
 * Calls `onGone` when the npm that started us is gone. npm passes a SIGTERM on to nobody and, killed, leaves us
 * behind; nothing tells us but the change of our parent, or of the shell's that npm may have put between.
 */
export function watchNpm(onGone: () => void): void {
  const parent = process.ppid
  const shell = parentOfShell(parent)
  const timer = setInterval(() => {
    if (process.ppid === parent && parentOfShell(parent) === shell) return
    clearInterval(timer)
    onGone()
  }, lookEveryMs)
  timer.unref()
}

/** Null where the process is no shell, or the system does not say (macOS): then our own parent has to be enough. */
function parentOfShell(pid: number): number | null {
  try {
    const [, program, parent] =
      /^\d+ \((.*)\) \S (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? []
    return program && shells.includes(program) ? Number(parent) : null
  } catch {
    return null
  }
}
