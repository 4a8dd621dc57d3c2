// Reads src/gateways/kong/pdk with the compiler: the namespaces of `kong` with their functions, and every other export, each with its comment.
import ts from "typescript";

const LONGEST_TYPE = 120;

/**
 * @typedef {{ description: string, params: { name: string, text: string }[], examples: string[] }} Comment
 * @typedef {{ path: string, signatures: string[], comment: Comment }} PdkFunction
 * @typedef {{ path: string, comment: Comment, functions: PdkFunction[], namespaces: Namespace[] }} Namespace
 * @typedef {{ name: string, file: string, source: string, comment: Comment }} Declaration
 * @typedef {{ kong: Namespace, exports: Declaration[], errorCodes: { code: string, text: string }[], notOffered: Record<string, string>[] }} Pdk
 */

/** @returns {Pdk} */
export function readPdk(entry) {
  const program = ts.createProgram([entry], {
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    types: ["node"],
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
  });
  const checker = program.getTypeChecker();
  const door = checker.getSymbolAtLocation(program.getSourceFile(entry));
  const exported = checker
    .getExportsOfModule(door)
    .map((symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol));
  const kong = exported.find(({ name }) => name === "Kong");
  const errors = exported.find(({ name }) => name === "PdkErrorCode").declarations[0].getSourceFile();
  return {
    kong: readNamespace(checker, kong, "kong"),
    exports: withInherited(checker, exported)
      .filter(({ name }) => !isNamespaceName(name))
      .sort((a, b) => a.declarations[0].pos - b.declarations[0].pos)
      .map((symbol) => readDeclaration(checker, symbol)),
    errorCodes: readErrorCodes(errors),
    notOffered: readRows(exported.find(({ name }) => name === "PDK_NOT_OFFERED").valueDeclaration),
  };
}

/** With the interfaces that the exported ones extend, as their members cannot be understood without. */
function withInherited(checker, symbols) {
  const inherited = symbols.flatMap(({ declarations: [declaration] }) =>
    ts.isInterfaceDeclaration(declaration) ? checker.getBaseTypes(checker.getTypeAtLocation(declaration)) : [],
  );
  const own = inherited
    .map(({ symbol }) => symbol)
    .filter(({ declarations: [{ parent }] }) => /\/src\/pdk\//.test(parent.fileName));
  return own.length === 0 ? symbols : [...new Set([...symbols, ...withInherited(checker, [...new Set(own)])])];
}

/** The interfaces of the namespaces are told as part of `kong`. */
const isNamespaceName = (name) => /^Kong(?!For$)/.test(name);

function readNamespace(checker, symbol, path) {
  const namespace = { path, comment: readComment(checker, symbol), functions: [], namespaces: [] };
  for (const member of checker.getPropertiesOfType(checker.getDeclaredTypeOfSymbol(symbol))) {
    const [declaration] = member.declarations;
    const memberPath = `${path}.${member.name}`;
    if (ts.isMethodSignature(declaration)) {
      namespace.functions.push({
        path: memberPath,
        signatures: member.declarations.map((each) => signatureText(each, path)),
        comment: readComment(checker, member),
      });
    } else {
      const type = checker.getTypeOfSymbol(member);
      namespace.namespaces.push(readNamespace(checker, type.symbol, memberPath));
    }
  }
  return namespace;
}

const signatureText = (declaration, path) => `${path}.${withoutIndent(declaration).replace(/;$/, "")}`;

/** @returns {Comment} */
function readComment(checker, symbol) {
  const tags = symbol.getJsDocTags(checker);
  const textsOf = (name) => tags.filter((tag) => tag.name === name).map(({ text }) => ts.displayPartsToString(text).trim());
  return {
    description: plain(ts.displayPartsToString(symbol.getDocumentationComment(checker))),
    params: textsOf("param").map((text) => {
      const [, name, rest] = /^(\w+)\s*-?\s*([^]*)$/.exec(text) ?? ["", text, ""];
      return { name, text: plain(rest) };
    }),
    examples: textsOf("example"),
  };
}

const plain = (text) => text.replace(/\{@link\s+([^}\s]+)\s*\}/g, "`$1`").trim();

/** @returns {Declaration} */
function readDeclaration(checker, symbol) {
  const [declaration] = symbol.declarations;
  const source = declaration.getSourceFile();
  return {
    name: symbol.name,
    file: source.fileName.replace(/^.*\//, ""),
    source: withoutBody(checker, declaration).replace(/^export /, ""),
    comment: readComment(checker, symbol),
  };
}

/** A function, a class or a value as its declaration says it, without what it does. */
function withoutBody(checker, declaration) {
  if (ts.isFunctionDeclaration(declaration))
    return withoutIndent(declaration).slice(0, offsetOf(declaration.body, declaration)).trim();
  if (ts.isClassDeclaration(declaration)) return classHead(declaration);
  if (ts.isVariableDeclaration(declaration)) return valueType(checker, declaration);
  return withoutIndent(declaration);
}

/** Nothing for types that are as long as what they describe. */
function valueType(checker, declaration) {
  const type = checker.typeToString(checker.getTypeAtLocation(declaration), declaration, ts.TypeFormatFlags.NoTruncation);
  if (declaration.type?.getText() === "unique symbol") return `const ${declaration.name.getText()}: unique symbol`;
  return type.length > LONGEST_TYPE ? "" : `const ${declaration.name.getText()}: ${type}`;
}

const offsetOf = (node, outer) => node.getStart() - outer.getStart();

function classHead(declaration) {
  const fields = declaration.members.filter(ts.isPropertyDeclaration).map((field) => {
    const comment = ts.getLeadingCommentRanges(field.getSourceFile().text, field.getFullStart()) ?? [];
    const lines = comment.map(({ pos, end }) => field.getSourceFile().text.slice(pos, end));
    return [...lines, field.getText().replace(/\b(?:override|declare) /g, "")].map((line) => `  ${line}`).join("\n");
  });
  const head = declaration.getText().slice(0, declaration.getText().indexOf("{") + 1);
  return [head, ...fields, "}"].join("\n");
}

/** The text of a member, as if it stood at the left margin. */
function withoutIndent(node) {
  const source = node.getSourceFile();
  const { character } = source.getLineAndCharacterOfPosition(node.getStart());
  return node
    .getText()
    .split("\n")
    .map((line, index) => (index === 0 ? line : line.replace(new RegExp(`^ {1,${character || 1}}`), character === 0 ? "$&" : "")))
    .join("\n");
}

/** The codes stand with their comments in one table of messages. */
function readErrorCodes(file) {
  const codes = [];
  const visit = (node) => {
    if (ts.isPropertyAssignment(node) && /^PDK_/.test(node.name.getText()))
      codes.push({ code: node.name.getText(), text: plain(commentOf(node)) });
    else ts.forEachChild(node, visit);
  };
  visit(file);
  return codes;
}

/** The objects of a table, their texts by name. */
function readRows(declaration) {
  const rows = [];
  const visit = (node) => {
    if (!ts.isObjectLiteralExpression(node)) return ts.forEachChild(node, visit);
    rows.push(Object.fromEntries(node.properties.map(({ name, initializer }) => [name.getText(), initializer.text])));
  };
  visit(declaration.initializer);
  return rows;
}

function commentOf(node) {
  const text = node.getSourceFile().text;
  const range = ts.getLeadingCommentRanges(text, node.getFullStart())?.at(-1);
  return range === undefined ? "" : text.slice(range.pos + 3, range.end - 2).replace(/\s*\n\s*\*\s?/g, " ");
}
