// What the check of one payload may cost, so that no sender keeps the server busy with a schema that was meant well.

/** Steps of a pattern for each character, at 2.6 ns: about 0.1 s. */
const maxPatternSteps = 40_000_000;
/**
 * A schema that refers to itself twice at one place doubles its work with each level of the payload. Where it does not,
 * there are a few for each value; one takes 1 µs.
 */
const usualReferences = 100_000;
const referencesPerCharacter = 0.5;
/**
 * Of texts that are compared for `uniqueItems`: a list in a list that are both to be unique is written twice. A
 * character takes 6 ns in short strings.
 */
const usualTextCharacters = 4_000_000;
const textCharactersPerCharacter = 4;

export class TooMuchWork extends Error {}

let patternSteps = 0;
let referencesLeft = 0;
let textCharactersLeft = 0;

/** Nothing else is checked meanwhile: a check is synchronous. */
export function startSchemaWork(characters: number): void {
  patternSteps = 0;
  referencesLeft = usualReferences + characters * referencesPerCharacter;
  textCharactersLeft = usualTextCharacters + characters * textCharactersPerCharacter;
}

/** @throws {TooMuchWork} */
export function spendOnPattern(steps: number): void {
  patternSteps += steps;
  if (patternSteps > maxPatternSteps) throw new TooMuchWork();
}

/** @throws {TooMuchWork} */
export function spendOnReference(): void {
  if (referencesLeft-- < 1) throw new TooMuchWork();
}

/** @throws {TooMuchWork} */
export function spendOnText(characters: number): void {
  textCharactersLeft -= characters;
  if (textCharactersLeft < 0) throw new TooMuchWork();
}
