// The page's program, imported as a path.

declare module "*/browser/standalone.js" {
  const path: string;
  export default path;
}
