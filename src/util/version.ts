/** The version of the package, for the files that it writes. */
export const version = '0.1.0';
