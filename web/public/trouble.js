// An error with a message for the user. Never shown as an alert: the start page or the picture
// shows it.

/** `title`: what is wrong in a few words; `message`: what and why; `hint`: what to do. */
export class Trouble extends Error {
  constructor(title, message, hint = "") {
    super(message);
    this.name = "Trouble";
    this.title = title;
    this.hint = hint;
  }

  /** One line, for where there is room for no more. */
  get line() {
    return this.hint ? `${this.message} ${this.hint}` : this.message;
  }

  /** Makes a trouble of whatever was thrown. */
  static from(thrown, title = "That did not work") {
    if (thrown instanceof Trouble) return thrown;
    return new Trouble(title, String(thrown?.message ?? thrown));
  }
}
