// Three host calls that do nothing but go through the journal, in a run of their own.
export const config = { webhook: false };

export const pipeline = async () => {
  for (let step = 0; step < 3; step += 1) await sleep("0s");
};
