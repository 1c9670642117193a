/** What the helper refuses or could not do: `name` for programs, one sentence for a person. */
export class Failure extends Error {
  constructor(name: string, message: string) {
    super(message)
    this.name = name
  }
}
