/** A set-up that could not be finished, with the exit code to end with. */
export class SetupError extends Error {
  /**
   * @param {number} exitCode
   * @param {string} message
   */
  constructor(exitCode, message) {
    super(message);
    this.name = "SetupError";
    this.exitCode = exitCode;
  }
}
