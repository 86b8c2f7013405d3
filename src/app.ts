// Opens every part, wires them, starts the server, and stops all in reverse order.
export {};
