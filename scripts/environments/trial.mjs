export default async ({ a }) => ({ score: -a });
