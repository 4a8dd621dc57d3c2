// Stands for the server's own PDK.
export const whose = "the server's";
