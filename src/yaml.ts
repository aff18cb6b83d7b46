// YAML (1.2) to plain values and back. Only importer of js-yaml.
export { dump, load, loadAll } from 'js-yaml'
