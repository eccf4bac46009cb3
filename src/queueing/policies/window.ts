/** SKRueue looks at so many of the longest waiting jobs. */
export const SKRUEUE_WINDOW = 10;
