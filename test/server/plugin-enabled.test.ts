import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setUpCorefile } from '../../src/cli/corefile.ts'
import { plugins } from '../../src/plugins/index.ts'
import { showEnabled } from '../../src/server/plugin-enabled.ts'
import { samplesOf } from '../samples.ts'

const blocksOf = (corefile: string) =>
  setUpCorefile(corefile, { file: 'Corefile', port: 53, warn: (message) => assert.fail(message) })

test('plugins that answer are shown per listener and zone, until the configuration is replaced', () => {
  const shown = () => Object.entries(samplesOf('coredns_plugin_enabled')).map(([labels, value]) => `${labels} ${value}`)
  const hide = showEnabled(
    blocksOf('a.example b.example:1053 {\n errors\n debug\n whoami\n}\nexample {\n bind 127.0.0.1 ::1\n whoami\n}'),
    plugins,
  )
  const before = [
    'server="dns://:53",zone="a.example.",view="",name="errors" 1',
    'server="dns://:53",zone="a.example.",view="",name="whoami" 1',
    'server="dns://:1053",zone="b.example.",view="",name="errors" 1',
    'server="dns://:1053",zone="b.example.",view="",name="whoami" 1',
    'server="dns://127.0.0.1:53",zone="example.",view="",name="whoami" 1',
    'server="dns://[::1]:53",zone="example.",view="",name="whoami" 1',
  ]
  assert.deepEqual(shown(), before)
  hide()
  assert.deepEqual(shown(), [])
  const hideViews = showEnabled(blocksOf('a.example {\n view lan\n errors\n}\na.example {\n errors\n}'), plugins)
  assert.deepEqual(shown(), [
    'server="dns://:53",zone="a.example.",view="lan",name="errors" 1',
    'server="dns://:53",zone="a.example.",view="lan",name="view" 1',
    before[0],
  ])
  hideViews()
  showEnabled(blocksOf('a.example {\n errors\n}'), plugins)
  assert.deepEqual(shown(), before.slice(0, 1))
})
