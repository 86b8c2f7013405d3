// What runs keep on disk.

export interface RunFiles {
  readonly volumes: {
    removeRun(runId: string): Promise<void>;
  };
}

export interface RunFilesOptions {
  /** Holds `volumes/` and `artifacts/`; made when needed, mode 0700. */
  readonly dataDir: string;
}

export function openRunFiles(_options: RunFilesOptions): RunFiles {
  return { volumes: { removeRun: async () => {} } };
}
