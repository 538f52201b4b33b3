export const bitsVersion = 1;
