// What the login page does by itself: it takes the token from the link's fragment, which browsers send to nobody.

export const loginScript = `
{
  const fragment = location.hash;
  // Neither the history nor a bookmark is to keep it.
  if (fragment !== "") history.replaceState(null, "", location.pathname + location.search);
  const form = document.getElementById("login");
  const token = /^#token=(.+)$/.exec(fragment)?.[1];
  if (form && token) {
    try {
      form.elements.token.value = decodeURIComponent(token);
      form.requestSubmit();
    } catch {}
  }
  // Elsewhere browsers do not say that a request comes from the server's own page.
  if (form && !isSecureContext) document.getElementById("plain").hidden = false;
}
`;
