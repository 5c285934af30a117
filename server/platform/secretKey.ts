// The key that other keys are wrapped with: from the environment, or a file in the data folder that only its owner may read.
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

/** 32 bytes. Made at the first start; a server that lost the file cannot read the secrets that were stored with it. */
export function readSecretKey({ secretKey, dataDir }: { secretKey: string | null; dataDir: string }): Buffer {
  const words = secretKey ?? readOrMake(path.join(dataDir, 'secret.key'));
  return Buffer.from(crypto.hkdfSync('sha256', words, '', 'llmos key encryption', 32));
}

function readOrMake(file: string): string {
  try {
    fs.writeFileSync(file, `${crypto.randomBytes(32).toString('base64url')}\n`, {
      mode: 0o600,
      flag: 'wx',
      flush: true,
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  if ((fs.statSync(file).mode & 0o077) !== 0 && process.platform !== 'win32') fs.chmodSync(file, 0o600);
  const words = fs.readFileSync(file, 'utf8').trim();
  if (words.length < 32)
    throw new Error(`${file} is damaged: it holds ${words.length} characters. Put it back from a backup.`);
  return words;
}
