// Answers whoever asks.
export const pipeline = () => http.respond({ body: "here" });
