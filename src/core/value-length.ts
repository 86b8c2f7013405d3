// How large a value may be that goes between a script and its host.

/** Arguments of one call, result of a run, UTF-16 units of their JSON. */
export const maxValueLength = 1024 * 1024;
