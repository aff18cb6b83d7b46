// Manifests: YAML or JSON text, files and folders of them, to objects.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { dump, load, loadAll } from '../yaml.ts'
import { isRecord, type KubeObject } from './object.ts'

/** The objects of a text of several documents; Lists are taken apart. Throws an Error that names `source`. */
export function parseManifests(text: string, source: string): KubeObject[] {
  let documents: unknown[]
  try {
    documents = loadAll(text)
  } catch (error) {
    throw new Error(`${source}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
  return documents.flatMap((document) => (document === null || document === undefined ? [] : unpack(document, source)))
}

function unpack(document: unknown, source: string): KubeObject[] {
  if (!isRecord(document) || typeof document.kind !== 'string' || typeof document.apiVersion !== 'string') {
    throw new Error(`${source}: a document without apiVersion and kind`)
  }
  if (document.kind === 'List' && Array.isArray(document.items)) {
    return document.items.flatMap((item) => unpack(item, source))
  }
  if (!isRecord(document.metadata)) throw new Error(`${source}: ${document.kind} without metadata`)
  // What YAML reads as times and other objects of its own is JSON from here on.
  return [JSON.parse(JSON.stringify(document)) as KubeObject]
}

/** The objects of a file, or of every .yaml, .yml and .json file of a folder, by name. */
export function readManifests(path: string): KubeObject[] {
  const files = statSync(path).isDirectory()
    ? readdirSync(path)
        .filter((name) => /\.(ya?ml|json)$/.test(name))
        .sort()
        .map((name) => join(path, name))
    : [path]
  return files.flatMap((file) => parseManifests(readFileSync(file, 'utf8'), file))
}

/** One document of YAML, of which JSON is a part. Throws an Error. */
export function parseYaml(text: string): unknown {
  return load(text)
}

export function printYaml(value: object): string {
  return dump(value)
}
