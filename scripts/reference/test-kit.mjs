// Writes of the test kit's options and results what their types and comments say.
import { readFileSync } from "node:fs";
import ts from "typescript";

/** The interfaces, classes and types of some files, by name. */
export function readDeclarations(paths) {
  const found = new Map();
  for (const path of paths) {
    const source = ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.Latest, true);
    for (const statement of source.statements) {
      if (ts.isInterfaceDeclaration(statement) || ts.isClassDeclaration(statement))
        found.set(statement.name.text, { comment: commentOf(statement), members: statement.members.flatMap(memberOf) });
      if (ts.isTypeAliasDeclaration(statement))
        found.set(statement.name.text, {
          comment: commentOf(statement),
          type: shown(statement.type),
          choices: choicesOf(statement.type, source),
        });
    }
  }
  return found;
}

const shown = (node) => node.getText().replace(/\s+/g, " ").replace(/^\| /, "").replaceAll("readonly ", "");

/** The members of a union of which each says what it means. */
function choicesOf(type, source) {
  if (!ts.isUnionTypeNode(type)) return [];
  return type.types.flatMap((member) => {
    const [range] = ts.getLeadingCommentRanges(source.text, member.getFullStart()) ?? [];
    if (range === undefined) return [];
    const comment = source.text.slice(range.pos, range.end).replace(/^\/\*\* | \*\/$/g, "");
    return [{ name: shown(member), comment }];
  });
}

/** The description, without its tags. */
function commentOf(node) {
  const [doc] = ts.getJSDocCommentsAndTags(node);
  const text = doc === undefined ? "" : ts.getTextOfJSDocComment(doc.comment);
  return (text ?? "").replace(/\s+/g, " ").replace(/\{@link (\w+)\}/g, "`$1`");
}

const isHidden = (member) =>
  (ts.isIdentifier(member.name ?? member) === false && member.name !== undefined) ||
  ts.getJSDocTags(member).some(({ tagName }) => tagName.text === "internal");

function memberOf(member) {
  if (member.name === undefined || isHidden(member)) return [];
  const name = member.name.getText();
  const isMethod = ts.isMethodDeclaration(member) || ts.isMethodSignature(member);
  if (isMethod) {
    const parameters = member.parameters.map(shown).join(", ");
    return [{ name: `${name}(${parameters})`, type: shown(member.type), comment: commentOf(member) }];
  }
  if (member.type === undefined) return [];
  return [{ name, type: shown(member.type), comment: commentOf(member) }];
}

const cell = (text) => text.replaceAll("|", "\\|");

const typed = (type) => (type.includes("`") ? `\`\` ${cell(type)} \`\`` : `\`${cell(type)}\``);

function table({ members }, head, abouts) {
  const rows = members.map(
    ({ name, type, comment }) =>
      `| \`${cell(name)}\` | ${typed(type)} | ${cell(comment === "" ? (abouts[name] ?? "") : comment)} |`,
  );
  return [`| ${head} | type | meaning |`, "|---|---|---|", ...rows].join("\n");
}

const choices = (list) =>
  ["| value | meaning |", "|---|---|", ...list.map(({ name, comment }) => `| \`${name}\` | ${cell(comment)} |`)].join("\n");

/** `chapters`: a title, the names of what stands in it, what heads the first column, and what keys mean that have no comment. */
export function renderTestKit(declarations, intro, chapters) {
  const blocks = [
    "<!-- Generated from the types of src/apps/testing by `npm run docs:reference`: do not edit. -->",
    intro,
    ...chapters.flatMap(([title, names, head, abouts = {}]) => [
      `## ${title}`,
      ...names.flatMap((name) => {
        const named = declarations.get(name);
        if (named === undefined) throw new Error(`there is no ${name} in the test kit`);
        const declaration = { ...declarations.get(named.type), ...named };
        const heading = names.length === 1 ? [] : [`### ${name}`];
        const comment = declaration.comment === "" ? [] : [declaration.comment];
        const body = bodyOf(declaration, head, abouts[name] ?? {});
        return [...heading, ...comment, body];
      }),
    ]),
  ];
  return `${blocks.join("\n\n")}\n`;
}

function bodyOf(declaration, head, abouts) {
  if (declaration.members !== undefined) return table(declaration, head, abouts);
  return declaration.choices.length > 0 ? choices(declaration.choices) : `\`${declaration.type}\``;
}
