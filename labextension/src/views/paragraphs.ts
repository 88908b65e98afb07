import { Widget } from '@lumino/widgets';

/** Return the body of a dialog with a paragraph for each text. */
export function createParagraphs(...texts: readonly string[]): Widget {
  const body = new Widget({ node: document.createElement('div') });
  body.addClass('jp-kfp');
  body.addClass('jp-kfp-Ask');
  for (const text of texts.filter(each => each !== '')) {
    const line = document.createElement('p');
    line.textContent = text;
    body.node.append(line);
  }
  return body;
}
