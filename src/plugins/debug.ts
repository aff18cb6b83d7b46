// `debug`: debug lines in the log. The server looks for the directive before anything else begins, so that nothing is left to do.
import { readNothing } from '../corefile/read-block.ts'
import type { Plugin } from '../plugin.ts'

export const debug: Plugin<null> = {
  name: 'debug',

  parse(directives) {
    directives.forEach(readNothing)
    return null
  },
}
