/**
 * @typedef {{ method?: string, headers: Record<string, string>, body?: string }} Request
 */

/**
 * A `fetch` that asks for an API key when the server wants one, and again while it wants another. The key is kept for as long as the page is open.
 * @param {(isWrong: boolean) => Promise<string>} askForKey
 * @param {(url: string, request: Request) => Promise<Response>} [send]
 */
export function withKey (askForKey, send = (url, request) => fetch(url, request)) {
  let key = ''
  /**
   * @param {string} url
   * @param {Request} request
   */
  return async (url, request) => {
    for (;;) {
      const response = await send(url, { ...request, headers: { ...request.headers, ...(key !== '' && { 'x-api-key': key }) } })
      if (response.status !== 401) return response
      key = await askForKey(key !== '')
      // What no header can carry is no key.
      while (!/^[!-~]+$/.test(key)) key = await askForKey(true)
    }
  }
}
