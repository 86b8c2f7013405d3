// The look of the small pages, light and dark.

export const pageStyle = `
:root {
  color-scheme: light dark;
  --ground: #f4f4f1; --card: #fff; --ink: #1d2126; --soft: #626a73; --line: #d9dbd8;
  --accent: #1f6f54; --on-accent: #fff; --bad: #a3261b; --bad-ground: #fdeeec; --note-ground: #fdf6e3;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14171a; --card: #1d2125; --ink: #e7e9ea; --soft: #9aa3ab; --line: #343a40;
    --accent: #53b890; --on-accent: #0d1512; --bad: #ff9d92; --bad-ground: #3a1f1c; --note-ground: #35301d;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem;
  background: var(--ground); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif;
}
main {
  width: min(25rem, 100%); padding: 2rem; background: var(--card);
  border: 1px solid var(--line); border-radius: 12px; box-shadow: 0 8px 30px rgb(0 0 0 / 6%);
}
h1 { display: flex; align-items: center; gap: .55rem; margin: 0 0 1.25rem; font-size: 1.3rem; line-height: 1.2; }
h1 svg { width: 1.4rem; height: 1.4rem; color: var(--accent); }
p { margin: 0 0 1rem; }
label { display: block; margin-bottom: .35rem; font-weight: 600; }
input, textarea {
  width: 100%; padding: .6rem .75rem; font: inherit; color: inherit; background: var(--ground);
  border: 1px solid var(--line); border-radius: 8px;
}
button, .button {
  display: block; width: 100%; margin-top: 1rem; padding: .65rem; font: inherit; font-weight: 600; text-align: center;
  text-decoration: none; color: var(--on-accent); background: var(--accent); border: 1px solid transparent;
  border-radius: 8px; cursor: pointer;
}
button:hover, .button:hover { filter: brightness(1.07); }
button.deny { color: var(--bad); background: var(--bad-ground); border-color: currentcolor; }
button.quiet { color: var(--ink); background: transparent; border-color: var(--line); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.choice { display: flex; gap: .75rem; }
h2 { margin: 0 0 1rem; font-size: 1.15rem; line-height: 1.4; white-space: pre-wrap; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: auto 1fr; gap: .3rem .9rem; margin: 0 0 1.25rem; font-size: .925rem; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
form label + * + label { margin-top: .75rem; }
.hint { margin: 1.25rem 0 0; font-size: .875rem; color: var(--soft); }
.bad, .note { padding: .6rem .75rem; border-radius: 8px; font-size: .925rem; }
.bad { color: var(--bad); background: var(--bad-ground); }
.note { background: var(--note-ground); }
code { font: .9em ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace; overflow-wrap: anywhere; }
[hidden] { display: none; }
`;
