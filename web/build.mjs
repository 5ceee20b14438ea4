// Bundles the chat page and the embed script into dist/: hashed names for what browsers keep for ever, a
// manifest that tells them, and each file gzipped beside, because the functions host compresses nothing.
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const DIST = new URL('dist/', import.meta.url);
const common = {
  absWorkingDir: import.meta.dirname,
  bundle: true,
  minify: true,
  outdir: 'dist',
  target: 'es2022',
  define: { 'process.env.NODE_ENV': '"production"' },
  logLevel: 'warning',
};

// Web Chat without Adaptive Cards, Markdown and speech: half the size. Its package names only the whole.
const alias = { 'botframework-webchat': './node_modules/botframework-webchat/dist/botframework-webchat.minimal.mjs' };

await rm(DIST, { recursive: true, force: true });
await mkdir(DIST);
await build({ ...common, alias, entryPoints: ['src/chat.ts', 'src/style.css'], format: 'esm', entryNames: '[name]-[hash]', legalComments: 'linked' });
await build({ ...common, entryPoints: ['src/widget.ts'], format: 'iife', loader: { '.css': 'text' } });

const manifest = {};
for (const name of (await readdir(DIST)).sort()) {
  if (!/\.(js|css|txt)$/.test(name)) continue;
  const content = await readFile(new URL(name, DIST));
  const zipped = gzipSync(content, { level: 9 });
  await writeFile(new URL(`${name}.gz`, DIST), zipped);
  manifest[name.replace(/-[A-Z0-9]{8}(?=\.)/, '')] = name;
  console.log(`${name.padEnd(22)} ${(content.length / 1000).toFixed(1).padStart(7)} kB, gzip ${(zipped.length / 1000).toFixed(1)} kB`);
}
await writeFile(new URL('manifest.json', DIST), JSON.stringify(manifest));
