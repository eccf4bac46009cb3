import { DOMParser, type Element as XmlElement, type Node as XmlNode } from '@xmldom/xmldom';
import { jmeterErrors } from './errors.ts';
import type { Variables } from './variables.ts';

/** An element of a plan with what stands below it. In the file an element is followed by a `hashTree` of its children. */
export class PlanElement {
  /** `ThreadGroup`, `HTTPSamplerProxy`, ... */
  readonly kind: string;
  readonly name: string;
  readonly isEnabled: boolean;
  readonly children: readonly PlanElement[];
  readonly #element: XmlElement;
  readonly #file: string;
  readonly #path: string;

  constructor(element: XmlElement, tree: XmlElement | undefined, file: string, parentPath: string) {
    this.#element = element;
    this.#file = file;
    this.kind = element.tagName;
    this.name = element.getAttribute('testname') ?? '';
    this.isEnabled = element.getAttribute('enabled') !== 'false';
    const own = this.name === '' ? this.kind : `${this.kind} '${this.name}'`;
    this.#path = parentPath === '' ? own : `${parentPath} / ${own}`;
    this.children = tree === undefined ? [] : elementsOf(tree, file, this.#path);
  }

  /** `FILE:LINE: TestPlan / ThreadGroup 'users' / ...` */
  get place(): string {
    return `${this.#file}:${this.#element.lineNumber ?? 0}: ${this.#path}`;
  }

  /** Text of a property, with its variables filled in; undefined where it is not there or empty. */
  text(property: string, variables: Variables): string | undefined {
    const found = propertyOf(this.#element, property);
    const text = found?.textContent?.trim() ?? '';
    return text === '' ? undefined : variables.fill(text, `${this.place}: ${property}`);
  }

  /** The same with blanks at its ends, as in a body; empty where it is not there. */
  exactText(property: string, variables: Variables): string {
    const text = propertyOf(this.#element, property)?.textContent ?? '';
    return variables.fill(text, `${this.place}: ${property}`);
  }

  /** @throws KISIM_E_LOAD_PLAN_VALUE for what is no number of at least `least` */
  number(property: string, variables: Variables, least = 0): number | undefined {
    const text = this.text(property, variables);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (Number.isFinite(value) && value >= least) return value;
    throw jmeterErrors.KISIM_E_LOAD_PLAN_VALUE(`${this.place}: ${property} is '${text}'`);
  }

  flag(property: string, variables: Variables): boolean {
    return this.text(property, variables)?.toLowerCase() === 'true';
  }

  /** A property that is an element of its own: the loop controller of a thread group, arguments of a request. */
  part(property: string): PlanElement | undefined {
    const found = propertyOf(this.#element, property);
    return found === undefined ? undefined : new PlanElement(found, undefined, this.#file, this.#path);
  }

  /** The elements of a collection, such as the headers of a header manager. */
  collection(property: string): readonly PlanElement[] {
    const found = propertyOf(this.#element, property);
    if (found === undefined) return [];
    return childElements(found)
      .filter(({ tagName }) => tagName === 'elementProp')
      .map((element) => new PlanElement(element, undefined, this.#file, this.#path));
  }
}

/**
 * The elements at the top of a plan.
 *
 * @throws KISIM_E_LOAD_PLAN for what is no XML, or no plan
 */
export function parsePlan(file: string, text: string): readonly PlanElement[] {
  let root: XmlElement | null;
  try {
    root = new DOMParser({
      onError: (level, message) => {
        if (level !== 'warning') throw new Error(message);
      },
    }).parseFromString(text, 'text/xml').documentElement;
  } catch (cause) {
    const says = cause instanceof Error ? cause.message.split('\n')[0]! : String(cause);
    throw jmeterErrors.KISIM_E_LOAD_PLAN(`${file}: ${says}`, { cause });
  }
  if (root?.tagName !== 'jmeterTestPlan')
    throw jmeterErrors.KISIM_E_LOAD_PLAN(`${file}: begins with <${root?.tagName}>, not <jmeterTestPlan>`);
  const [tree] = childElements(root);
  return tree === undefined ? [] : elementsOf(tree, file, '');
}

/** Elements of a hashTree, each with the hashTree behind it. */
function elementsOf(tree: XmlElement, file: string, path: string): readonly PlanElement[] {
  const nodes = childElements(tree);
  return nodes.flatMap((node, i) => {
    if (node.tagName === 'hashTree') return [];
    const next = nodes[i + 1];
    return [new PlanElement(node, next?.tagName === 'hashTree' ? next : undefined, file, path)];
  });
}

function propertyOf(element: XmlElement, name: string): XmlElement | undefined {
  return childElements(element).find((child) => child.getAttribute('name') === name);
}

function childElements(element: XmlElement): XmlElement[] {
  return Array.from(element.childNodes).filter(isElement);
}

function isElement(node: XmlNode): node is XmlElement {
  return node.nodeType === 1;
}
