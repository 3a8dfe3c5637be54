/** A request that is answered later, by whatever happens to it inside of a machine. */

/** The ticket of a request. The first answer counts; one that is forgotten is never answered. */
export class Parked<Response> {
  readonly answered: Promise<Response>
  #resolve: (response: Response) => void = () => {}

  constructor () {
    this.answered = new Promise(resolve => { this.#resolve = resolve })
  }

  answer (response: Response): void { this.#resolve(response) }
}
