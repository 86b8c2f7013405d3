// Switches of the build, as `bun build --feature=FAULTS`.

declare module "bun:bundle" {
  interface Registry {
    /** On in the test build alone: code that lets tests kill the server at named places. */
    readonly features: "FAULTS";
  }
}
